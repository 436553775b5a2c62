"""Random templates out of a grammar of what the engine knows, many of which fail: then both must fail."""

import random

CONTEXT = {
    "s": "Hello World", "t": "  straße İ\n", "u": "日本語🙂é", "e": "", "n": 7, "z": 0, "m": -3, "f": 2.5, "g": -0.5,
    "big": 12345678901234567890, "yes": True, "no": False, "none": None, "l": [3, 1, 2], "w": ["b", "A", "c", "a"],
    "mixed": [1, "a", None, 2.0, [1]], "d": {"b": 1, "a": "x", "C": [1, 2]}, "ld": [{"k": 2, "v": "x"}, {"k": 1, "v": "Y"}, {"k": 2}],
    "empty_list": [], "empty_dict": {}, "nested": {"a": {"b": ["deep", {"c": 1}]}}, "lines": "one\ntwo\r\n\nthree\x0bfour",
    "html": "<a href='x'>&\"</a>", "num": " 42 ", "fl": "3.75", "items": "shadow",
}
TEXTS = ["s", "t", "u", "e", "lines", "html", "num", "fl"]
NUMBERS = ["n", "z", "m", "f", "g", "yes", "no"]
LISTS = ["l", "w", "ld", "mixed", "empty_list"]
DICTS = ["d", "empty_dict", "nested"]
NAMES = TEXTS + NUMBERS + LISTS + DICTS + ["none", "missing", "big"]
TEXT_FILTERS = [
    "upper", "lower", "title", "capitalize", "trim", "trim('Hld ')", "length", "first", "last", "list", "join('.')", "reverse",
    "int", "int(5)", "int(base=16)", "float", "float(1.5)", "string", "replace('l', 'L')", "replace('o', '0', 1)", "replace('', '.')", "tojson",
    "indent", "indent(2, true)", "indent('> ', blank=true)", "center(20)", "truncate(5)", "truncate(6, true, '')", "truncate(9, leeway=0)",
    "wordcount", "urlencode", "escape", "e|upper", "safe", "forceescape", "format(1, 2)", "attr('upper')", "unique|join", "sort|join",
    "select('in', 'Helo')|list", "escape + '<'", "map('upper')|join", "max", "min", "escape is escaped", "frobnicate", "default('D', true)"]
NUMBER_FILTERS = ["abs", "round", "round(1)", "round(2, 'ceil')", "round(-1)", "round(method='floor')", "int", "float", "string", "tojson", "d(1)",
                  "default('D', true)", "upper", "string|length"]
LIST_FILTERS = [
    "length", "count", "first", "last", "list", "join", "join(', ')", "join('-', attribute='k')", "reverse|list", "sort", "sort(reverse=true)",
    "sort(case_sensitive=true)", "sort(attribute='k')", "sort(attribute='k,v')", "unique|list", "unique(attribute='k')|list", "map('upper')|list",
    "map(attribute='k')|list", "map(attribute='v', default='?')|list", "select|list", "select('odd')|list", "select('string')|list",
    "reject('none')|list", "selectattr('k')|list", "selectattr('k', 'gt', 1)|list", "rejectattr('v', 'defined')|list", "sum",
    "sum(attribute='k')", "sum(start=[])", "min", "max", "max(attribute='k')", "tojson", "tojson(indent=1)", "batch(2)|list", "batch(2, '-')|list", "slice(2)|list",
    "slice(2, 'x')|list", "groupby('k')", "groupby('v', default='d')", "map('int')|sum", "map('length')|list", "map('string')|map('upper')|join",
    "map('default', 'x')|list", "string|length", "last|string", "selectattr('k', 'divisibleby', 2)|map(attribute='k')|list", "list|length"]
DICT_FILTERS = ["length", "list", "items|list", "dictsort", "dictsort(by='value')", "dictsort(true)", "dictsort(reverse=true)", "tojson", "string",
                "urlencode", "first", "last", "join(',')", "attr('a')", "items|map('first')|list", "tojson(sort_keys=true)"]
FILTERS = TEXT_FILTERS + NUMBER_FILTERS + LIST_FILTERS + DICT_FILTERS
KINDS = [(TEXTS, TEXT_FILTERS), (NUMBERS, NUMBER_FILTERS), (LISTS, LIST_FILTERS), (DICTS, DICT_FILTERS)]
TESTS = [
    "defined", "undefined", "none", "boolean", "true", "false", "integer", "float", "number", "string", "mapping", "iterable",
    "sequence", "callable", "odd", "even", "divisibleby 3", "divisibleby(2)", "eq 7", "ne(7)", "lt 3", "gt 2", "ge 7", "le 2.5", "in l",
    "in 'Hello'", "in d", "lower", "upper", "sameas none", "sameas(true)", "escaped", "equalto 'x'", "greaterthan 1"]
TEXT_METHODS = [
    "upper()", "lower()", "title()", "capitalize()", "swapcase()", "strip()", "strip('Hd')", "lstrip()", "rstrip('\\n')", "split()",
    "split('o')", "split('l', 1)", "split(maxsplit=1)", "rsplit('l', 1)", "rsplit(None, 1)", "splitlines()", "splitlines(true)",
    "startswith('He')", "startswith(('x', 'H'))", "startswith('W', 6)", "endswith('d')", "endswith('o', 0, 5)", "replace('l', 'LL')",
    "replace('l', '', 1)", "find('o')", "find('o', 5)", "rfind('o')", "index('o')", "index('zz')", "count('l')", "count('')", "join(w)",
    "join(l)", "isdigit()", "isalpha()", "isspace()", "isupper()", "islower()", "istitle()", "isalnum()", "isdecimal()",
    "removeprefix('He')", "removesuffix('ld')", "zfill(15)", "ljust(13, '*')", "rjust(13)", "center(14, '.')", "partition(' ')",
    "rpartition('o')", "format(1, x=2)", "isascii()"]
LIST_METHODS = [
    "index(1)", "count(2)", "copy()", "append(1)", "remove(1)", "index('a')", "index(9)", "copy()|length"]
DICT_METHODS = [
    "items()", "keys()", "values()", "get('a')", "get('q', 9)", "update({})", "items()|list", "keys()|list", "values()|list|string",
    "get('b') is none", "pop('b')"]
METHODS = [(TEXTS, TEXT_METHODS), (TEXTS, TEXT_METHODS), (LISTS, LIST_METHODS), (DICTS, DICT_METHODS)]
OPERATORS = ["+", "-", "*", "/", "//", "%", "~", "==", "!=", "<", "<=", ">", ">=", "in", "not in", "and", "or"]
LITERALS = ["0", "1", "2", "-1", "3.5", "1e3", "0.1", "'a'", "'b c'", "\"it's\"", "''", "'\\n\\t\\x41\\u00e9'", "true", "False", "none", "[]",
            "[1, 2, 3]", "['x', 'y']", "(1, 2)", "(1,)", "()", "{}", "{'a': 1, 'b': [2]}", "{1: 'one', none: 0}", "range(4)", "range(1, 9, 3)",
            "1_000", "0x1f", "1.5e-7", "100000000000000000000", "'%s|%5.2f|%-4d|' % ('q', 2.345, 7)", "'%(a)s' % {'a': 1}",
            "'{:>5}|{!r}|{x:.3f}'.format(1, 'a', x=2)", "'{0}{1[0]}{0}'.format('a', [5])", "'é' * 3", "'%x %o %e %g %c %%' % (255, 8, 1.5, 1e20, 65)"]
SUFFIXES = [".a", ".b", ".items", "[0]", "[-1]", "['a']", "[1:]", "[:2]", "[::-1]", "[-3:-1]", "[::2]", "[5]", ".a.b", ".k", "[none]", ".x.y",
            "['b'].c", "[1:3][0]", ".0", "[0][0]", "[true]"]


class Snippets:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def choice(self, options):
        return self.random.choice(options)

    def atom(self):
        return self.choice([self.choice(NAMES), self.choice(NAMES), self.choice(LITERALS)])

    def expression(self, depth=0):
        if depth > 2:
            return self.atom()
        kind = self.random.randrange(13)
        inner = self.expression(depth + 1)
        if kind <= 1:
            return self.atom()
        if kind <= 3:
            return self.filtered(inner)
        if kind == 4:
            return f"{self.atom()} is {self.choice(['', 'not '])}{self.choice(TESTS)}"
        if kind <= 6:
            names, methods = self.choice(METHODS)
            return f"{self.choice(names)}.{self.choice(methods)}"
        if kind == 7:
            # Not of constants, which jinja2 computes with other rules before it renders.
            return self.choice([name for name in NAMES if name != "none"]) + self.choice(SUFFIXES)
        if kind <= 9:
            return self.operation(inner, depth)
        if kind == 10:
            otherwise = f" else {self.atom()}" if self.random.random() < 0.7 else ""
            return f"{inner} if {self.expression(depth + 1)}{otherwise}"
        if kind == 11:
            return self.choice(["not ({})", "-({})", "[{}]", "({}, 1)", "{{'k': {}}}", "+({})"]).format(inner)
        return f"{self.atom()} {self.choice(['<', '<=', '==', '!='])} {self.atom()} {self.choice(['<', '>', 'in'])} {self.atom()}"

    def filtered(self, inner):
        if self.random.random() < 0.15:
            return f"({inner})|{self.choice(FILTERS)}"
        names, filters = self.choice(KINDS)
        return f"{self.choice(names)}|{self.choice(filters)}"

    def operation(self, inner, depth):
        kind = self.random.randrange(6)
        if kind == 0:
            return f"{inner} {self.choice(OPERATORS)} {self.expression(depth + 1)}"
        if kind == 1:
            return f"{inner} ~ {self.expression(depth + 1)}"
        if kind == 2:
            return f"{self.choice(TEXTS)} {self.choice(['+', '<', '==', 'in', '~', 'or', 'and', '>='])} {self.choice(TEXTS)}"
        if kind == 3:
            return f"{self.choice(LISTS)} {self.choice(['+', '==', '!=', 'or', 'and', '~'])} {self.choice(LISTS)}"
        left, right = self.choice(NUMBERS), self.choice(NUMBERS + ["2", "3", "-2", "0.5", "1e3"])
        if self.random.random() < 0.1:  # neither complex numbers nor endless integers
            return f"{left} ** {self.choice(['2', '3', '-1', 'z', '0.0'])}"
        return f"{left} {self.choice(['+', '-', '*', '/', '//', '%', '<', '<=', '==', '!=', '>', '>=', '~', 'and', 'or'])} {right}"

    def tag(self, content):
        return "{%" + self.choice(["", "", "", "-", "+"]) + f" {content} " + self.choice(["", "", "", "-"]) + "%}"

    def output(self):
        return "{{" + self.choice(["", "", "-"]) + f" {self.expression()} " + self.choice(["", "", "-"]) + "}}"

    def text(self):
        return self.choice(["", " ", "\n", "x", " y\n", "\n  ", "\n\n", "\t", "} %}", "é ", "{ "])

    def block(self, depth=0):
        if depth > 2:
            return self.text() + self.output() + self.text()
        body = lambda: self.block(depth + 1)
        kind = self.random.randrange(14)
        if kind <= 3:
            return self.text() + self.output() + self.text()
        if kind == 4:
            return (self.tag(f"if {self.expression()}") + body() + (self.tag(f"elif {self.expression()}") + body() if self.random.random() < 0.3 else "")
                    + (self.tag("else") + body() if self.random.random() < 0.5 else "") + self.tag("endif"))
        if kind <= 6:
            target = self.choice(["i", "i", "i, j", "(i, j)"])
            over = self.choice(["l", "w", "ld", "d", "d.items()", "d|items", "s", "range(3)", "mixed", "missing", "empty_list", "w|map('upper')",
                                "nested", "[(1, 2), (3, 4)]", "n", "w|batch(2)", "ld|groupby('k')"])
            condition = self.choice(["", "", " if i", " if i is string", " if loop is defined", " if i != 1"])
            inner = "".join(self.choice([body(), self.loop_text(), "{{ i }}", self.tag("set x = i"), self.jump()]) for _ in range(2))
            otherwise = self.tag("else") + body() if self.random.random() < 0.3 else ""
            return self.tag(f"for {target} in {over}{condition}") + inner + otherwise + self.tag("endfor")
        if kind == 7:
            return self.tag(f"set x = {self.expression()}") + body() + "{{ x }}"
        if kind == 8:
            return self.tag("set x" + self.choice(["", " | upper", " | trim | length"])) + body() + self.tag("endset") + "[{{ x }}]"
        if kind == 9:
            return (self.tag("set ns = namespace(a=1, b=l)") + self.tag(f"set ns.a = {self.expression()}") + body()
                    + self.choice(["{{ ns.a }}", "{{ ns.b }}", "{{ ns.c }}", "{{ ns['a'] }}", "{{ ns }}"]))
        if kind == 10:
            arguments = self.choice(["1", "1, 2", "b=3", "n, c=4", "", "*l", "1, 2, 3, 4", "**{'b': 5}"])
            return (self.tag("macro called(a, b=2, c=n)") + self.choice(["{{ a }}/{{ b }}/{{ c }}", "{{ varargs }}{{ a }}", "{{ kwargs }}", body()])
                    + self.tag("endmacro") + "{{ called(" + arguments + ") }}")
        if kind == 11:
            return self.tag("filter " + self.choice(["upper", "trim", "replace('a', 'b')|title", "indent(1)"])) + body() + self.tag("endfilter")
        if kind == 12:
            return self.tag(f"with x = {self.expression()}, y = n") + "{{ x }}{{ y }}" + body() + self.tag("endwith")
        return self.choice(["{# note #}", "{#- note -#}", "{% raw %}{{ x }}{% endraw %}", self.tag("raw") + " {% if %} " + self.tag("endraw"),
                            "{% generation %}g{% endgeneration %}", self.tag("set a, b = 1, [2]") + "{{ a }}{{ b }}",
                            "{% call(q) f2(1) %}{{ q }}{% endcall %}",
                            "{% macro f2(a) %}{{ caller(a) }}{% endmacro %}{% call(q) f2(1) %}<{{ q }}>{% endcall %}"])

    def loop_text(self):
        return "{{ loop." + self.choice(["index", "index0", "first", "last", "length", "revindex", "revindex0", "depth", "previtem", "nextitem",
                                         "cycle('a', 'b')", "changed(i)", "nothing"]) + " }}"

    def jump(self):
        return "{% if " + self.choice(["loop.index == 2", "i == 1", "loop.first"]) + " %}{% " + self.choice(["break", "continue"]) + " %}{% endif %}"

    def template(self):
        return "".join(self.block() for _ in range(self.random.randint(1, 3)))
