"""Random conversations of the kinds that chat templates meet, with what users and models put into them by mistake."""

import json
import random

WORDS = ["Hello", "weather", "Paris", "naïve", "Straße", "日本語", "🙂", "a\u0301", "<b>", "&", "{{ x }}", "it's", '"quoted"',
         "tab\there", "\u00a0", "0", "3.14", "</think>", "<think>", "C:\\dir", "\u2028", "İ", "ΑΣ", "[1, 2]", "%", "null"]
SPACES = ["", " ", "\n", "\n\n", "  \t", "\r\n"]
NAMES = ["get_weather", "search", "add_2", "send_mail"]
TYPES = ["string", "number", "integer", "boolean", "array", "object"]


class Conversations:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def maybe(self, probability):
        return self.random.random() < probability

    def text(self):
        if self.maybe(0.05):
            return ""
        body = self.random.choice([" ", " ", "\n", ", "]).join(self.random.choices(WORDS, k=self.random.randint(1, 8)))
        return self.random.choice(SPACES) + body + self.random.choice(SPACES)

    def schema(self, depth=0):
        kind = self.random.choice(TYPES[:4] if depth > 1 else TYPES)
        schema = {"type": kind, "description": self.text()}
        if kind == "array":
            schema["items"] = self.schema(depth + 1)
        elif kind == "object":
            schema["properties"] = {name: self.schema(depth + 1) for name in self.random.sample(["a", "b", "Ünit"], 2)}
            if self.maybe(0.5):
                schema["additionalProperties"] = self.schema(depth + 1)
        elif kind == "string" and self.maybe(0.3):
            schema["enum"] = ["celsius", "fahrenheit", self.text()]
        if self.maybe(0.05):
            schema["type"] = ["string", "null"]
        return schema

    def tool(self):
        properties = {name: self.schema() for name in self.random.sample(["city", "unit", "n", "when"], self.random.randint(0, 3))}
        function = {"name": self.random.choice(NAMES), "description": self.text(),
                    "parameters": {"type": "object", "properties": properties}}
        if self.maybe(0.8):
            function["parameters"]["required"] = list(properties)[:1]
        if self.maybe(0.2):
            function["return"] = {"type": "string", "description": self.text()}
        return {"type": "function", "function": function}

    def value(self):
        return self.random.choice([self.text(), 3, -1.5, 1e-7, 2.0, True, None, [1, "a"], {"k": self.text()}, 10**12])

    def tool_call(self):
        arguments = {name: self.value() for name in self.random.sample(["city", "unit", "n"], self.random.randint(0, 3))}
        call = {"type": "function",
                "function": {"name": self.random.choice(NAMES),
                             "arguments": json.dumps(arguments) if self.maybe(0.2) else arguments}}
        if self.maybe(0.9):
            call["id"] = "".join(self.random.choices("abcXYZ019", k=8 if self.maybe(0.1) else 9))
        return call

    def user(self):
        if self.maybe(0.08):
            parts = [{"type": "text", "text": self.text()} for _ in range(self.random.randint(1, 2))]
            return {"role": "user", "content": parts + ([{"type": "image"}] if self.maybe(0.3) else [])}
        return {"role": "user", "content": self.text()}

    def assistant(self):
        message = {"role": "assistant", "content": self.text()}
        if self.maybe(0.2):
            message["content"] = "<think>" + self.text() + "</think>" + self.text()
        if self.maybe(0.1):
            message["reasoning_content"] = self.text()
        return message

    def calls_and_answers(self):
        calls = [self.tool_call() for _ in range(self.random.choice([1, 1, 1, 2, 3]))]
        content = self.random.choice([None, None, "", self.text()])
        message = {"role": "assistant", "content": content, "tool_calls": calls}
        if self.maybe(0.1):
            del message["content"]
        if self.maybe(0.2):
            message["tool_plan"] = self.text()
        answers = []
        for call in calls:
            content = self.random.choice([self.text(), self.text(), json.dumps({"t": 21}), {"content": "21"}])
            answers.append({"role": "tool", "content": content, "name": call["function"]["name"],
                            "tool_call_id": call.get("id", "none")})
        return [message] + (answers if self.maybe(0.9) else [])

    def messages(self, with_tools):
        messages = [{"role": "system", "content": self.text()}] if self.maybe(0.5) else []
        for _ in range(self.random.randint(0, 4)):
            messages.append(self.user())
            if with_tools and self.maybe(0.6):
                messages.extend(self.calls_and_answers())
            if self.maybe(0.85):
                messages.append(self.assistant())
            if self.maybe(0.04):
                messages.append({"role": self.random.choice(["system", "function", "user"]), "content": self.text()})
            if self.maybe(0.03):
                messages.append({"role": "assistant", "content": None})
        return messages

    def conversation(self):
        """The context that transformers hands to a template."""
        with_tools = self.maybe(0.4)
        context = {"messages": self.messages(with_tools),
                   "tools": [self.tool() for _ in range(self.random.randint(1, 3))] if with_tools else None,
                   "documents": None,
                   "add_generation_prompt": self.maybe(0.5),
                   "bos_token": self.random.choice(["<s>", "<|begin_of_text|>", ""]), "eos_token": "</s>"}
        if self.maybe(0.15):
            context["documents"] = [{"title": self.text(), "text": self.text()} for _ in range(self.random.randint(1, 2))]
        if self.maybe(0.1):
            context["enable_thinking"] = self.maybe(0.5)
        if self.maybe(0.1):
            context["date_string"] = "26 Jul 2024"
        if self.maybe(0.1):
            context["controls"] = {"length": "short"}
        if self.maybe(0.5):
            context["functions"] = json.dumps([self.tool()])
            context["datetime"] = "2024-07-26"
        if self.maybe(0.1):
            del context["tools"]
        return context
