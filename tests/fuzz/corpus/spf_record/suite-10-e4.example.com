v=spf1 ip4:1.2.3.4/032 -all
v=spf1 a mx -all
