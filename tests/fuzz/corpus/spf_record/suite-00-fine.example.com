v=spf1 a  -all
v=spf1 a mx -all
