pub fn long( ) { }
