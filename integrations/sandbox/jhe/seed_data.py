"""The fixed part of the sandbox's JHE: what an installation holds after its own seeding.

Numbers follow the real server: users from 10001, organizations 20001, studies 30001, patients
40001, scope codes 50001, observations 60001, data sources 70001, practitioners 80001; ROOT is 0.
All people are invented.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

PASSWORD = "Jhe1234!"
"""Published on the sign-in page: everybody in the sandbox signs in with it."""

CLIENT_ID = "portal-integration"
CLIENT_SECRET = "portal-secret"
REDIRECT_URIS = (
    "http://127.0.0.1:8000/accounts/oidc/jhe/login/callback/",
    "http://localhost:8000/accounts/oidc/jhe/login/callback/",
)

OPENMHEALTH = "https://w3id.org/openmhealth"
FHIR_TYPES = "http://hl7.org/fhir/resource-types"


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """One person who can sign in. ``role`` is in words; ``organizations`` maps id to JHE role."""

    email: str
    role: str
    organizations: dict[int, str]
    password: str = PASSWORD


LOGINS = (
    Login(
        email="manager_mary@example.com",
        role="manager of three organizations",
        organizations={20001: "manager", 20002: "manager", 20003: "manager"},
    ),
    Login(email="member_megan@example.com", role="member", organizations={20003: "member"}),
    Login(email="viewer_victor@example.com", role="viewer", organizations={20003: "viewer"}),
    Login(
        email="three_org_tom@example.com",
        role="viewer, member and manager, one each",
        organizations={20003: "viewer", 20007: "member", 20008: "manager"},
    ),
    Login(
        email="manager_mark@example.com",
        role="manager of four other organizations",
        organizations={20004: "manager", 20005: "manager", 20006: "manager", 20007: "manager"},
    ),
    Login(email="admin@example.com", role="superuser, member of nothing", organizations={}),
    Login(email="ll_patient_peter@example.com", role="patient", organizations={}),
    Login(email="ll_patient_pamela@example.com", role="patient", organizations={}),
)
"""Who can sign in, for the sign-in page, the demo and tests; patients' logins included."""

# id, e-mail, first name, last name, kind, practitioner id
USERS = (
    (10001, "admin@example.com", "", "", "superuser", 80001),
    (10002, "manager_mary@example.com", "ManagerMary", "Wilkins", "practitioner", 80002),
    (10003, "member_megan@example.com", "MemberMegan", "Santiago", "practitioner", 80003),
    (10004, "viewer_victor@example.com", "ViewerVictor", "Jackson", "practitioner", 80004),
    (10005, "three_org_tom@example.com", "ThreeOrgTom", "Heath", "practitioner", 80005),
    (10006, "ll_patient_peter@example.com", "LlPatientPeter", "Pearson", "patient", None),
    (10007, "ll_patient_pamela@example.com", "LlPatientPamela", "Jackson", "patient", None),
    (10008, "manager_mark@example.com", "ManagerMark", "Osborn", "practitioner", 80006),
    (10009, "npl_patient_percy@example.com", "NplPatientPercy", "Lee", "patient", None),
    (10010, "ccl_patient_paul@example.com", "CclPatientPaul", "Lopez", "patient", None),
    (10011, "ccl_cardio_patient_pat@example.com", "CclCardioPatientPat", "Zuniga", "patient", None),
)

# user id → what the console has selected: organization, study
SELECTIONS = {
    10002: (20003, 30001),
    10003: (20003, 30001),
    10004: (20003, 30001),
    10005: (20008, 30005),
    10008: (20007, 30004),
}

# id, name, type, type in 2025-10, part of
ORGANIZATIONS = (
    (0, "ROOT", "root", "root", None),
    (20001, "Planetary Research Institute", "edu", "edu", 0),
    (20002, "Saturn School of Data Science", "team", "edu", 20001),
    (20003, "Lifespan Lab", "laboratory", "edu", 20002),
    (20004, "Neptune Health System", "prov", "edu", 0),
    (20005, "Department of Medicine", "dept", "edu", 20004),
    (20006, "Cardiology Division", "dept", "edu", 20005),
    (20007, "Neptunian Pulse Lab", "laboratory", "laboratory", 20006),
    (20008, "Cosmic Cardio Lab", "laboratory", "laboratory", 20006),
)

ORGANIZATION_TYPES = {
    "root": "ROOT",
    "prov": "Healthcare Provider",
    "dept": "Hospital Department",
    "team": "Organizational team",
    "govt": "Government",
    "ins": "Insurance Company",
    "pay": "Payer",
    "edu": "Educational Institute",
    "reli": "Religious Institution",
    "crs": "Clinical Research Sponsor",
    "cg": "Community Group",
    "bus": "Non-Healthcare Business or Corporation",
    "other": "Other",
    "laboratory": "Laboratory",
    "imaging": "Imaging Center",
    "pharmacy": "Pharmacy",
    "health-information-network": "Health Information Network",
    "health-data-aggregator": "Health Data Aggregator",
}

# code, text; ids from 50001. The 2025-10 generation knows the first seven.
SCOPE_CODES = (
    ("omh:blood-glucose:4.0", "Blood glucose"),
    ("omh:blood-pressure:4.0", "Blood pressure"),
    ("omh:body-temperature:4.0", "Body temperature"),
    ("omh:heart-rate:2.0", "Heart Rate"),
    ("omh:oxygen-saturation:2.0", "Oxygen saturation"),
    ("omh:respiratory-rate:2.0", "Respiratory rate"),
    ("omh:rr-interval:1.0", "RR Interval"),
    ("omh:body-weight:3.0", "Body weight"),
    ("omh:forced-vital-capacity:1.0", "Forced vital capacity"),
    ("omh:forced-expiratory-volume-1-second:1.0", "Forced expiratory volume 1 second"),
    ("QuestionnaireResponse", "FHIR QuestionnaireResponse"),
    ("omh:physical-activity:1.2", "Physical activity"),
    ("omh:step-count:3.0", "Step count"),
    ("ieee:sleep-stage-summary:1.0", "Sleep stage summary"),
    ("omh:sleep-episode:1.1", "Sleep episode"),
    ("omh:sleep-duration:2.0", "Sleep duration"),
)
CODE_SYSTEMS = {
    "QuestionnaireResponse": FHIR_TYPES,
    "ieee:sleep-stage-summary:1.0": "https://w3id.org/ieee1752",
}
OLDER_CODES = 7

# name, type, supported scope codes; ids from 70001. 2025-10: the first three, scopes unset.
DATA_SOURCES = (
    ("CareX", "personal_device", (50002, 50004)),
    ("Dexcom", "personal_device", (50001,)),
    ("iHealth", "personal_device", (50003, 50004)),
    ("Oura", "personal_device", (50004,)),
    ("Questionnaire", "patient_app", (50011,)),
    ("Patient Access API", "medical_device", ()),
)
OLDER_SOURCES = 3

# name, OAuth client id, invitation address; ids from 1 (current only)
APPS = (
    ("CareX", "sandboxCareX0000000000000000000000000000", "https://carex.example.org/invitation/CODE"),
    (
        "CommonHealth",
        "sandboxCommonHealth000000000000000000000",
        "https://commonhealth.example.org?invitation=CODE",
    ),
    (
        "Patient Access",
        "sandboxPatientAccess00000000000000000000",
        "https://access.example.org/clients/patient-access/?code=CODE",
    ),
)

# In 2025-10 one app serves all patients. Its verifier is a setting of server and app alike.
OLDER_APP_ID = "sandboxPatients000000000000000000000000"
OLDER_APP_VERIFIER = "a-verifier-that-server-and-app-have-in-common"
OLDER_LINK_PREFIX = (
    "https://play.google.com/store/apps/details?id=org.example.sandbox.phr&referrer=cloud_sharing="
)

# id, name, description, organization, scope codes, data sources, apps
STUDIES = (
    (
        30001,
        "Lifespan Study on BP & HR",
        "Blood Pressure & Heart Rate",
        20003,
        (50002, 50004, 50011),
        (70001, 70005),
        (1, 3),
    ),
    (30002, "Lifespan Study on BP", "Blood Pressure", 20003, (50002, 50011), (70001, 70005), (1,)),
    (30003, "Cardiology Div Study on BGL", "Blood Glucose", 20006, (50001,), (70002,), (2,)),
    (30004, "Nep Pulse Lab Study on BT", "Body Temperature", 20007, (50003,), (70003,), (2,)),
    (30005, "Cosmic Cardio Lab Study on O2", "Oxygen Saturation", 20008, (50005,), (), ()),
)

# user id, birth date, phone, organizations, identifiers, studies; ids from 40001
PATIENTS = (
    (
        10006,
        "1998-01-09",
        "+1-284-724-3809",
        (20003,),
        (("https://openwearables.io/ns/patient-id", "abc123"), ("urn:oid:1.2.3.4", "E1234")),
        (30001, 30002),
    ),
    (10007, "1997-07-22", "+1-328-133-5134", (20003,), (), (30001, 30002)),
    (10009, "1989-01-28", "+1-508-009-5838", (20007,), (), (30004,)),
    (10010, "1982-06-10", "+1-386-908-3544", (20008,), (), (30005,)),
    (10011, "1995-04-05", "+1-073-299-0229", (20006, 20008), (), (30003, 30005)),
)

# patient, study, scope codes that were agreed to
CONSENTS = (
    (40001, 30001, (50002, 50004, 50011)),
    (40002, 30001, (50002, 50004, 50011)),
    (40002, 30002, (50002, 50011)),
    (40003, 30004, (50003,)),
    (40004, 30005, (50005,)),
    (40005, 30003, (50001,)),
    (40005, 30005, (50005,)),
)

MEASURED: dict[int, dict[str, Any]] = {
    50001: {"blood_glucose": {"unit": "mg/dL", "value": 95}},
    50002: {
        "systolic_blood_pressure": {"unit": "mmHg", "value": 115},
        "diastolic_blood_pressure": {"unit": "mmHg", "value": 60},
    },
    50003: {"body_temperature": {"unit": "F", "value": 103}, "measurement_location": "forehead"},
    50004: {"heart_rate": {"unit": "beats/min", "value": 67.5}},
    50005: {"oxygen_saturation": {"unit": "%", "value": 96}},
}
"""What is measured under a scope code."""

# patient, scope code; ids from 60001
OBSERVATIONS = (
    (40002, 50002),
    (40002, 50002),
    (40001, 50002),
    (40002, 50004),
    (40001, 50004),
    (40005, 50001),
    (40003, 50003),
    (40005, 50005),
    (40004, 50005),
)
OLDER_OBSERVATIONS = (
    (40002, 50002),
    (40002, 50004),
    (40002, 50002),
    (40001, 50002),
    (40001, 50004),
    (40001, 50002),
    (40001, 50004),
    (40002, 50002),
    (40002, 50004),
    (40002, 50002),
    (40003, 50003),
    (40004, 50005),
    (40005, 50001),
    (40005, 50005),
)

# practitioner → OAuth client id and secret of an API key (current only)
API_KEYS = (
    ("manager_mary@example.com", "sandboxkeymary00", "maryapikeysecretmaryapikeysecret"),
    ("three_org_tom@example.com", "sandboxkeytom000", "tomsapikeysecrettomsapikeysecret"),
)
