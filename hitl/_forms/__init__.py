"""Forms made of types, and typed values made of answers.

For `ask` and `ensure_template` of the clients, and for `hitl.approval`, which reads edited arguments in the same way.
Knows no client, and sends nothing.
"""

from hitl._forms.form import Form
from hitl._forms.responses import as_written, response_of
from hitl._forms.schema import fields_from, schema_from
from hitl._forms.templates import FormTemplate
from hitl._forms.types import form_of

__all__ = ["Form", "FormTemplate", "as_written", "fields_from", "form_of", "response_of", "schema_from"]
