"""The child that sends, with Slack at a port of this machine: `python slack_child.py PORT`."""

import runpy
import sys

from apprise.plugins.slack import NotifySlack

from hitl.server.notifications import children

NotifySlack.webhook_url = f"http://127.0.0.1:{sys.argv[1]}"
runpy.run_path(children.__file__.replace("children.py", "child.py"), run_name="__main__")
