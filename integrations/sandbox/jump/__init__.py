"""The sandbox's Jump: an EHR of one organization, read with an API key that carries scopes.

It answers in the later of the two documented generations; switches give it the shapes of the
earlier one, feature by feature. What a request may ask and how an answer looks is said in
``integrations/jump/README.md``; every person in it is made up.
"""

from .access import KEYS
from .app import BASE_PATH, create_app
from .replies import fault_body
from .seeds import seed
from .switches import JumpSwitches

__all__ = ["BASE_PATH", "KEYS", "JumpSwitches", "create_app", "fault_body", "seed"]
