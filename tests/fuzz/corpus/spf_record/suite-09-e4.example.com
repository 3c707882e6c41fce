v=spf1 exists:mail.example.com
v=spf1 a mx -all
