//! What AWS says when it refuses: whom, on what, and by which kind of policy.

use std::error::Error as _;

use crate::error::{Error, ErrorKind};

/// What AWS calls the policies of a user or role.
const OWN_POLICY: &str = "identity-based policy";

/// A refusal, as far as AWS explains it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Denial {
    /// Who was refused, as an ARN.
    pub(crate) who: Option<String>,
    /// On what, as an ARN.
    pub(crate) resource: Option<String>,
    /// The kind of policy that denies explicitly or lacks the permission, such as `permissions boundary`.
    pub(crate) policy: Option<String>,
    /// Whether a policy denies it: then allowing it elsewhere does not help.
    pub(crate) explicit: bool,
    /// Whether it is the use of the table's KMS key that was refused.
    pub(crate) is_about_kms: bool,
    /// Whether the refusal has the form of AWS, which knows the credential then.
    pub(crate) is_named: bool,
}

impl Denial {
    /// The refusal in an error of the client; `None` for any other error.
    pub(crate) fn of(error: &Error) -> Option<Self> {
        if *error.kind() != ErrorKind::Denied {
            return None;
        }
        let text = error.source().map(ToString::to_string);
        Some(text.map_or_else(Self::default, |text| Self::parse(&text)))
    }

    /// The table that was refused.
    pub(crate) fn table_arn(&self) -> Option<&str> {
        self.resource.as_deref().filter(|arn| arn.contains(":table/") && !arn.contains("/index/"))
    }

    /// The KMS key that was refused.
    pub(crate) fn kms_key_arn(&self) -> Option<&str> {
        self.resource.as_deref().filter(|arn| self.is_about_kms && arn.contains(":key/"))
    }

    /// What to do where one more statement in the credential's own policy does not help.
    pub(crate) fn remedy(&self) -> Option<String> {
        match (&self.policy, self.explicit) {
            (Some(policy), true) => Some(format!("the {policy} denies it, take that out there")),
            (None, true) => Some("a policy denies it, take that out there".to_owned()),
            (Some(policy), false) if policy != OWN_POLICY => Some(format!("allow it in the {policy}")),
            _ => None,
        }
    }

    /// Reads "User: ARN is not authorized to perform: ACTION on resource: ARN because no POLICY allows the ACTION
    /// action", or "… with an explicit deny in a POLICY".
    fn parse(text: &str) -> Self {
        let word = |lead: &str| {
            let word = text.split_once(lead)?.1.split_whitespace().next()?;
            word.starts_with("arn:").then(|| word.trim_end_matches('.').to_owned())
        };
        let lacking = text.split_once("because no ").and_then(|(_, rest)| rest.split_once(" allows"));
        let denying = text.split_once("with an explicit deny in a");
        let denying = denying.map(|(_, rest)| rest.trim_start_matches('n').trim().trim_end_matches('.'));
        let policy = lacking.map(|(policy, _)| policy).or(denying);
        Self {
            who: word("User: "),
            resource: word("on resource: "),
            // The ARN of the policy follows in newer answers.
            policy: policy.map(|policy| policy.split(": ").next().unwrap_or(policy).to_owned()),
            explicit: text.contains("explicit deny"),
            is_about_kms: text.contains("kms:") || text.contains("KMS"),
            is_named: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_of_a_refusal_is_read() {
        let table = "arn:aws:dynamodb:eu-west-1:123456789012:table/chat";
        let user = "arn:aws:iam::123456789012:user/bob";
        let lacking = Denial::parse(&format!(
            "User: {user} is not authorized to perform: dynamodb:Query on resource: {table} because no identity-based \
             policy allows the dynamodb:Query action"
        ));
        assert_eq!(lacking.who.as_deref(), Some(user));
        assert_eq!(lacking.resource.as_deref(), Some(table));
        assert_eq!((lacking.remedy(), lacking.table_arn()), (None, Some(table)));
        assert!(!lacking.explicit && !lacking.is_about_kms);

        let denying = Denial::parse(&format!(
            "User: {user} is not authorized to perform: dynamodb:Query on resource: {table} with an explicit deny in a \
             service control policy: arn:aws:organizations::1:policy/o-1/service_control_policy/p-1"
        ));
        assert!(denying.explicit);
        assert_eq!(
            denying.remedy().as_deref(),
            Some("the service control policy denies it, take that out there")
        );
        let identity = Denial::parse("… with an explicit deny in an identity-based policy");
        assert_eq!(identity.policy.as_deref(), Some(OWN_POLICY));

        let kms = "KMS key access denied error: User: x is not authorized to perform: kms:Decrypt on resource: \
                   arn:aws:kms:eu-west-1:123456789012:key/k because no resource-based policy allows the kms:Decrypt action";
        let kms = Denial::parse(kms);
        assert!(kms.is_about_kms);
        assert_eq!(kms.kms_key_arn(), Some("arn:aws:kms:eu-west-1:123456789012:key/k"));
        assert_eq!(Denial::of(&Error::new(ErrorKind::NotFound, "gone")), None);
        assert!(!Denial::of(&Error::new(ErrorKind::Denied, "403")).unwrap().is_named);
    }
}
