use std::str::FromStr;

use kernel::config::{Reader, Settings};
use tower_http::csrf::{ConfigError, CsrfLayer};

#[derive(Clone, Debug)]
pub struct Cors {
    pub origins: Origins,
    pub credentials: bool,
}

/// The origins to trust, in two shapes: the protection against forged requests checks what an origin is.
#[derive(Clone, Debug, Default)]
pub struct Origins {
    pub list: Vec<String>,
    pub csrf: CsrfLayer,
}

impl Settings for Cors {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            origins: reader.read("CORS_ORIGINS", "origins such as `https://app.example.com`", Origins::default()),
            credentials: reader.read("CORS_CREDENTIALS", "`true` or `false`", false),
        })
    }
}

impl FromStr for Origins {
    type Err = ConfigError;

    fn from_str(list: &str) -> Result<Self, Self::Err> {
        let list: Vec<_> =
            list.split(',').map(str::trim).filter(|origin| !origin.is_empty()).map(str::to_owned).collect();
        let csrf = list.iter().try_fold(CsrfLayer::new(), CsrfLayer::add_trusted_origin)?;
        Ok(Self { list, csrf })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_a_scheme_a_host_and_a_port() {
        let origins: Origins = "https://app.example.com, http://localhost:5173,".parse().unwrap();
        assert_eq!(origins.list, ["https://app.example.com", "http://localhost:5173"]);
        for wrong in ["*", "null", "app.example.com", "https://app.example.com/", "https://*.example.com/x", "ftp://x"]
        {
            assert!(wrong.parse::<Origins>().is_err(), "{wrong}");
        }
    }
}
