v=spf1 a:
v=spf1 a mx -all
