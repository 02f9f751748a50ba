pub fn kept( ) { }
