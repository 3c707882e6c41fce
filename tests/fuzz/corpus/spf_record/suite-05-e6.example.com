v=spf1 ptr:example.Com -all
v=spf1 a mx -all
