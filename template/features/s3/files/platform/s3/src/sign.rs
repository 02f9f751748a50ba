//! Signatures of requests: AWS Signature Version 4, in the header `Authorization`.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use time::{OffsetDateTime, macros::format_description};

/// What is signed of a request. Headers are sorted by their names, which are in small letters.
#[derive(Debug)]
pub struct Signed<'a> {
    pub method: &'a str,
    /// As it is sent.
    pub path: &'a str,
    /// Sorted, and as it is sent.
    pub query: &'a str,
    pub headers: &'a [(&'a str, &'a str)],
    /// The hash of the body.
    pub payload: &'a str,
}

/// Who signs, for which region.
#[derive(Debug)]
pub struct Signer<'a> {
    pub key_id: &'a str,
    pub key: &'a str,
    pub region: &'a str,
}

/// The time as signatures have it.
pub fn moment(now: OffsetDateTime) -> String {
    let format = format_description!("[year][month][day]T[hour][minute][second]Z");
    now.to_offset(time::UtcOffset::UTC).format(&format).unwrap_or_default()
}

/// The value of `Authorization`. `moment` is the value of `x-amz-date`.
pub fn authorization(signer: &Signer<'_>, moment: &str, request: &Signed<'_>) -> String {
    let names = request.headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
    let headers = request.headers.iter().map(|(name, value)| format!("{name}:{}\n", value.trim())).collect::<Vec<_>>();
    let canonical =
        [request.method, request.path, request.query, &headers.concat(), &names, request.payload].join("\n");
    let day = moment.get(..8).unwrap_or_default();
    let scope = format!("{day}/{}/s3/aws4_request", signer.region);
    let text = format!("AWS4-HMAC-SHA256\n{moment}\n{scope}\n{}", hash(canonical.as_bytes()));
    let secret = format!("AWS4{}", signer.key);
    let key =
        [day, signer.region, "s3", "aws4_request"].into_iter().fold(secret.into_bytes(), |key, part| mac(&key, part));
    let signature = hex(&mac(&key, &text));
    format!("AWS4-HMAC-SHA256 Credential={}/{scope},SignedHeaders={names},Signature={signature}", signer.key_id)
}

/// The hash of a body, in hexadecimal digits.
pub fn hash(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn mac(key: &[u8], message: &str) -> Vec<u8> {
    let mac = Hmac::<Sha256>::new_from_slice(key).expect("a key may have any length");
    mac.chain_update(message).finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    /// The example of AWS's own documentation, for `GET Object`.
    #[test]
    fn a_signature_is_the_one_that_aws_expects() {
        let payload = hash(b"");
        assert_eq!(payload, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        let moment = moment(datetime!(2013-05-24 00:00 UTC));
        let request = Signed {
            method: "GET",
            path: "/test.txt",
            query: "",
            headers: &[
                ("host", "examplebucket.s3.amazonaws.com"),
                ("range", "bytes=0-9"),
                ("x-amz-content-sha256", &payload),
                ("x-amz-date", &moment),
            ],
            payload: &payload,
        };
        let key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        let signer = Signer { key_id: "AKIAIOSFODNN7EXAMPLE", key, region: "us-east-1" };
        assert_eq!(
            authorization(&signer, &moment, &request),
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,\
             SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,\
             Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        );
    }
}
