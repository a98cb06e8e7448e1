"""Browser journeys. Their checks assert outside test modules and shall say what they compared."""

import pytest

pytest.register_assert_rewrite("tests.browser.checks", "tests.browser.journey", "tests.browser.watch")
