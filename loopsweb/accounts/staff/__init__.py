"""What site staff may do to accounts in /admin/, besides the forms in `accounts.admin`."""
