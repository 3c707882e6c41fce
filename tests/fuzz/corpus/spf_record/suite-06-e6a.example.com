v=spf1 a/33 -all
v=spf1 a mx -all
