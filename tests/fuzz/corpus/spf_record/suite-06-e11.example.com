v=spf1 a:foo:bar/baz.example.com
v=spf1 a mx -all
