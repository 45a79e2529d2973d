//! Addresses that only who was told them can call: a part of each is a keyed hash of the rest.

use ring::hmac;

/// What makes addresses hard to guess. Cheap to clone.
#[derive(Clone)]
pub struct AddressKey(hmac::Key);

impl std::fmt::Debug for AddressKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AddressKey")
    }
}

/// Characters of the hash that stand in an address: 128 bits.
const LENGTH: usize = 32;

impl AddressKey {
    /// The key that this text stands for.
    pub fn of(text: &str) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, text.as_bytes()))
    }

    /// The last part of the address of this place.
    pub fn last_part(&self, place: &str) -> String {
        let tag = hmac::sign(&self.0, place.as_bytes());
        tag.as_ref().iter().take(LENGTH / 2).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether the last part of an address belongs to this place. In constant time.
    pub fn fits(&self, place: &str, last_part: &str) -> bool {
        use subtle::ConstantTimeEq as _;
        self.last_part(place).as_bytes().ct_eq(last_part.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::AddressKey;

    #[test]
    fn an_address_fits_its_own_place_and_key_alone() {
        let (key, other) = (AddressKey::of("one"), AddressKey::of("two"));
        let part = key.last_part("run/step/0");
        assert_eq!(part.len(), 32);
        assert!(key.fits("run/step/0", &part));
        assert!(!key.fits("run/step/1", &part), "another place");
        assert!(!other.fits("run/step/0", &part), "another key");
        assert!(!key.fits("run/step/0", &part[..31]), "a part of it");
        assert!(!key.fits("run/step/0", ""), "none");
        assert!(!key.fits("run/step/0", &part.to_uppercase()), "written otherwise");
    }
}
