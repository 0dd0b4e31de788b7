//! Refuses an XML answer that is not whole.
//!
//! The SDK's decoder takes the end of the text for the end of every open element, so a document that was cut short
//! would come out as a shorter list: a pass where nothing was seen.

use aws_sdk_rds::config::interceptors::AfterDeserializationInterceptorContextRef;
use aws_sdk_rds::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_rds::error::BoxError;

#[derive(Debug)]
pub(super) struct Whole;

impl Intercept for Whole {
    fn name(&self) -> &'static str {
        "Whole"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let answer = context.response();
        let text = answer.body().bytes().map(String::from_utf8_lossy);
        match text {
            Some(text) if answer.status().is_success() && !balanced(&text) => Err("the XML is not whole".into()),
            _ => Ok(()),
        }
    }
}

/// Whether there is an element, and every element is closed in its order.
fn balanced(text: &str) -> bool {
    let mut open: Vec<&str> = Vec::new();
    let mut elements = 0;
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        rest = &rest[at..];
        let end = match rest {
            _ if rest.starts_with("<!--") => "-->",
            _ if rest.starts_with("<![CDATA[") => "]]>",
            _ if rest.starts_with("<?") => "?>",
            _ => ">",
        };
        let Some((tag, after)) = rest.split_once(end) else {
            return false;
        };
        rest = after;
        if tag.starts_with("<!") || tag.starts_with("<?") {
            continue;
        }
        elements += 1;
        if let Some(name) = tag.strip_prefix("</") {
            if open.pop() != Some(name.trim_end()) {
                return false;
            }
        } else if !tag.ends_with('/') {
            open.push(tag[1..].split_whitespace().next().unwrap_or_default());
        }
    }
    elements > 0 && open.is_empty()
}

#[cfg(test)]
mod tests {
    use super::balanced;

    #[test]
    fn whole_documents() {
        for text in [
            "<a/>",
            "<?xml version=\"1.0\"?>\n<a xmlns=\"urn:x\"><b>1 &gt; 0</b><c/></a>\n",
            "<a><!-- <b> --><![CDATA[ <c> ]]></a >",
        ] {
            assert!(balanced(text), "{text}");
        }
    }

    #[test]
    fn documents_with_a_part_missing() {
        for text in ["", "text", "<a>", "<a><b></a>", "<a></b></a>", "<a><b>", "<a><b", "</a>", "<a><!-- "] {
            assert!(!balanced(text), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "[<>/!?a-z\\[\\]\\- \u{e9}]{0,60}") {
            balanced(&text);
        }
    }
}
