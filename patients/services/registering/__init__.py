"""Registering somebody: nobody is created before everybody was searched (docs/architecture.md, rule 4).

meeting   whom the index holds that the new person may be, in reach or not
nearness  how near one of them is: the one rule, and what besides is a doubt
gate      asks the systems too, says what that means, and lets through: nobody else makes a pass
passing   the pass that a creation has to carry
adding    somebody who has a record already gets one more
flags     what stays for an admin to look at
drafts    forms that are not sent yet
"""
