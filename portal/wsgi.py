"""The WSGI application that gunicorn serves."""

import gc
import os
import sys

from django.core.management import call_command
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
application = get_wsgi_application()
# The web server starts without manage.py: an unsafe or half-configured portal stops here.
call_command("check")
# Threads that make pages let those go first that only send a request on or take an answer in: with
# Python's own 5 ms a look-up waits for that at every step.
sys.setswitchinterval(0.001)
# What is loaded by now stays until the end: collecting garbage need not look through it for every
# request, which took up to a tenth of a second of somebody's page.
gc.collect()
gc.freeze()
