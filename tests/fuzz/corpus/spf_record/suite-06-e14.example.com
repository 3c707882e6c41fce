v=spf1 a:foo.example.xn--zckzah -all
v=spf1 a mx -all
