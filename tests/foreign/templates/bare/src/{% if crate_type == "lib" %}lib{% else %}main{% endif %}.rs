//! {{crate_name}}, a {{crate_type}} by {{username}}.

pub   fn  add( a:u8,b:u8 )->u8{ a+b }
{% if crate_type == "bin" %}fn main() { println!("{}", add(1, 2)); }{% endif %}
