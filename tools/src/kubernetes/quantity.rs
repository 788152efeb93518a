//! Quantities of Kubernetes (`250m`, `128Mi`, `1e3`): read as numbers, written as kubectl's `top` writes them.

/// Suffixes and what they multiply by (k8s.io/apimachinery/pkg/api/resource).
const SUFFIXES: [(&str, f64); 15] = [
    ("Ki", 1024.0),
    ("Mi", 1_048_576.0),
    ("Gi", 1_073_741_824.0),
    ("Ti", 1_099_511_627_776.0),
    ("Pi", 1_125_899_906_842_624.0),
    ("Ei", 1_152_921_504_606_846_976.0),
    ("n", 1e-9),
    ("u", 1e-6),
    ("m", 1e-3),
    ("k", 1e3),
    ("M", 1e6),
    ("G", 1e9),
    ("T", 1e12),
    ("P", 1e15),
    ("E", 1e18),
];

/// A quantity in its base unit (cores, bytes, pieces); `None` when the text is none.
#[must_use]
pub fn parse_quantity(text: &str) -> Option<f64> {
    let text = text.trim();
    let suffixed = SUFFIXES.iter().find_map(|(suffix, factor)| {
        text.strip_suffix(suffix).and_then(|number| number.parse::<f64>().ok()).map(|number| number * factor)
    });
    suffixed.or_else(|| text.parse().ok()).filter(|number| number.is_finite())
}

/// Cores as millicores, rounded up, such as `12m`.
#[must_use]
pub fn cpu_text(cores: f64) -> String {
    // A sum of nanocores carries an error far below a millicore; it must not round up to one.
    format!("{}m", (cores * 1000.0 - 1e-6).ceil().max(0.0) + 0.0)
}

/// Bytes as whole mebibytes, such as `34Mi`; less than one in kibibytes, where kubectl shows none.
#[must_use]
pub fn memory_text(bytes: f64) -> String {
    if bytes > 0.0 && bytes < 1_048_576.0 {
        format!("{}Ki", (bytes / 1024.0).ceil())
    } else {
        format!("{}Mi", (bytes / 1_048_576.0).floor())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_quantity_is_read() {
        for (text, number) in [
            ("250m", 0.25),
            ("2", 2.0),
            ("0.5", 0.5),
            ("96713947n", 0.096_713_947),
            ("128Mi", 134_217_728.0),
            ("1Gi", 1_073_741_824.0),
            ("1G", 1e9),
            ("1e3", 1000.0),
            ("2E", 2e18),
        ] {
            let read = parse_quantity(text).unwrap();
            assert!((read - number).abs() <= number * 1e-12, "{text}: {read}");
        }
        for text in ["", "Mi", "much", "12MB", "inf", "NaN"] {
            assert_eq!(parse_quantity(text), None, "{text}");
        }
    }

    #[test]
    fn amounts_read_like_those_of_top() {
        assert_eq!(cpu_text(0.0961), "97m");
        assert_eq!(cpu_text(0.1 + 0.2), "300m");
        assert_eq!(cpu_text(0.0), "0m");
        assert_eq!(memory_text(134_217_728.0), "128Mi");
        assert_eq!(memory_text(245_760.0), "240Ki");
    }
}
