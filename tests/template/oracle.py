"""jinja2 as transformers and as lm-evaluation-harness set it up: what the templates of Allometer are held against."""

import copy
import datetime
import json

import jinja2
import jinja2.ext
import jinja2.sandbox

# The time that strftime_now() tells; render_driver.cpp has the same.
NOW = datetime.datetime(2024, 7, 26, 13, 5, 9, 42)


class Generation(jinja2.ext.Extension):
    """{% generation %} marks what the assistant wrote; the text is that of its body."""

    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_body"), [], [], body).set_lineno(line)

    def _body(self, caller):
        return caller()


def raise_exception(message):
    raise jinja2.TemplateError(message)


def tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def chat_environment():
    environment = jinja2.sandbox.ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols])
    environment.filters["tojson"] = tojson
    environment.globals["raise_exception"] = raise_exception
    environment.globals["strftime_now"] = NOW.strftime
    return environment


def regex_replace(string, pattern, repl, count=0):
    import re

    return re.sub(pattern, repl, string, count=count)


def task_environment():
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    environment.filters["regex_replace"] = regex_replace
    return environment


ENVIRONMENTS = {"chat": chat_environment, "task": task_environment}


def result_of(template, context):
    """What render_driver prints, of one rendering; `template` is a function that gives the compiled template."""
    try:
        # A task's template may change the lists of its document.
        return {"text": template().render(**copy.deepcopy(context))}
    except jinja2.TemplateError as error:
        if type(error) is jinja2.TemplateError:
            return {"refused": str(error)}
        return {"error": f"{type(error).__name__}: {error}"}
    except Exception as error:  # Python's own, out of what a template computes
        return {"error": f"{type(error).__name__}: {error}"}
