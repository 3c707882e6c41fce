v=spf1 a mx a mx a mx a mx a ptr a ip4:1.2.3.4 -all
v=spf1 a mx -all
