"""The pages a browser sees while somebody signs in."""

CONSENT = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Pick an account</title>
<body style="font-family: sans-serif; max-width: 34rem; margin: 3rem auto">
<h1>Pick an account</h1>
<p>to continue to <b>{{ client_id }}</b>, which asks for:</p>
<ul>{% for scope in scopes %}<li>{{ scope }}</li>{% endfor %}</ul>
<form method="post">
{% for person in people %}<p><button name="email" value="{{ person.email }}">
{{ person.name }} &lt;{{ person.email }}&gt;</button></p>
{% else %}<p>Nobody has an account in this emulator yet.</p>{% endfor %}
<p><button name="deny" value="1">Cancel</button></p>
</form></body></html>"""

FORM_POST = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Working…</title>
<body onload="document.forms[0].submit()">
<form method="post" action="{{ uri }}">
{% for name, value in fields.items() %}<input type="hidden" name="{{ name }}" value="{{ value }}">
{% endfor %}<noscript><button>Continue</button></noscript></form></body></html>"""
