"""The demo: the whole portal on one machine, with the sandbox and sample people.

``manage.py demo`` starts it. Everything it keeps is in one folder (``place``); its processes end
together (``processes``); it makes one account a role (``accounts``). Nothing else of the portal
knows that it exists, apart from the setting ``DEMO``, which puts a line on every page.
"""
