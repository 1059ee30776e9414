"""For all tests in Python."""
import os
import tempfile

# IPython, which Jupyter's programs import, makes a folder in the home, and warns where it cannot.
os.environ.setdefault("IPYTHONDIR", os.path.join(tempfile.gettempdir(), f"thawbook-ipython-{os.getuid()}"))
