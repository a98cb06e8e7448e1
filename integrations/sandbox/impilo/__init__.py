"""The sandbox's Impilo: remote monitoring of one customer's patients, behind an API key.

Its paging and its errors look like those of a Java Spring service, as the documentation of the
real one suggests; switches give it the shapes in which the documents disagree. See
``integrations/impilo/README.md``; every person in it is made up.
"""

from .access import KEYS
from .app import BASE_PATH, create_app
from .replies import fault_body
from .seeds import seed
from .switches import ImpiloSwitches

__all__ = ["BASE_PATH", "KEYS", "ImpiloSwitches", "create_app", "fault_body", "seed"]
