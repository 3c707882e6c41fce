v=spf1 exists:%{l2r+-}.user.%{d2}
v=spf1 a mx -all
