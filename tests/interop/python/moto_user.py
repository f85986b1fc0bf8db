"""Adds IAM users with one policy each to a moto server and prints their access keys as lines of JSON.

Reads the policy documents as lines on standard input. From then on the server checks every request's key, signature and
permissions; each further user is added with the checks off for as long as that takes.
"""

import argparse
import json
import sys
import traceback
import uuid
from urllib.request import Request, urlopen

import boto3


def main():
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--endpoint", required=True)
    options = parser.parse_args()
    try:
        policies = [json.loads(line) for line in sys.stdin]
        set_unchecked_actions(options.endpoint, "inf")
        try:
            keys = [create_user(options.endpoint, policy) for policy in policies]
        finally:
            set_unchecked_actions(options.endpoint, "0")
    except Exception:
        traceback.print_exc()
        sys.exit(1)
    for key in keys:
        print(json.dumps({"accessKeyId": key["AccessKeyId"], "secretAccessKey": key["SecretAccessKey"]}))


def set_unchecked_actions(endpoint, count):
    """How many more requests moto lets through unchecked: INITIAL_NO_AUTH_ACTION_COUNT, while it runs."""
    # moto reads the raw body, which a form's content type (urllib's default) would have consumed.
    headers = {"Content-Type": "text/plain"}
    urlopen(Request(f"{endpoint}/moto-api/reset-auth", data=count.encode(), headers=headers)).close()


def create_user(endpoint, policy):
    iam = boto3.client(
        "iam",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    user = f"user-{uuid.uuid4()}"
    iam.create_user(UserName=user)
    iam.put_user_policy(UserName=user, PolicyName="only", PolicyDocument=json.dumps(policy))
    return iam.create_access_key(UserName=user)["AccessKey"]


main()
