"""papermill, taught to write the parameters of TypeScript notebooks: papermill knows no plug-ins for languages."""

import json
import math
import re
import sys

try:
    from papermill.cli import papermill
    from papermill.models import Parameter
    from papermill.translators import Translator, papermill_translators
except ImportError:
    sys.exit("thawbook: papermill is not installed for " + sys.executable + "; pip install papermill")

# `const epochs: number = 5; // passes over the data`
ASSIGNMENT = re.compile(r"^\s*(?:const|let|var)\s+([\w$]+)\s*(?::\s*([^=]+?))?\s*=\s*(.+?)\s*;?\s*(?://\s*(.*))?$")


class TypeScriptTranslator(Translator):
    @classmethod
    def translate(cls, val):
        if isinstance(val, float) and not math.isfinite(val):
            return "NaN" if math.isnan(val) else "Infinity" if val > 0 else "-Infinity"
        if isinstance(val, dict):
            return "{ " + ", ".join(f"{json.dumps(str(key))}: {cls.translate(each)}" for key, each in val.items()) + " }"
        if isinstance(val, (list, tuple)):
            return "[" + ", ".join(cls.translate(each) for each in val) + "]"
        return json.dumps(val if isinstance(val, (str, int, float, bool, type(None))) else str(val))

    @classmethod
    def comment(cls, cmt_str):
        return f"// {cmt_str}"

    @classmethod
    def assign(cls, name, str_val):
        return f"const {name} = {str_val};"

    @classmethod
    def inspect(cls, parameters_cell):
        found = (ASSIGNMENT.match(line) for line in parameters_cell["source"].splitlines())
        return [Parameter(name=m[1], inferred_type_name=m[2] or "None", default=m[3], help=m[4] or "") for m in found if m]


papermill_translators.register("typescript", TypeScriptTranslator)

if __name__ == "__main__":
    papermill(prog_name="thawbook papermill")
