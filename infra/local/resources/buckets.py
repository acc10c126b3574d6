"""S3 buckets."""

from typing import Any, Final

from botocore.exceptions import ClientError

from infra.local.resources.aws import Aws
from infra.local.resources.properties import Properties, refuse_unknown, renamed

_KNOWN: Final = {
    "BucketEncryption",
    "BucketName",
    "CorsConfiguration",
    "LifecycleConfiguration",
    "NotificationConfiguration",
    "OwnershipControls",
    "PublicAccessBlockConfiguration",
    "Tags",
    "VersioningConfiguration",
}
_RULE: Final = {
    "AbortIncompleteMultipartUpload",
    "ExpirationInDays",
    "ExpiredObjectDeleteMarker",
    "Id",
    "NoncurrentVersionExpiration",
    "Prefix",
    "Status",
    "TagFilters",
}


def make_bucket(aws: Aws, name: str, properties: Properties) -> None:
    """Make a bucket, or bring the existing one up to the template; its objects stay."""
    refuse_unknown(properties, _KNOWN, of=f"bucket {name}")
    if not _exists(aws, name):
        # Naming us-east-1 is an error in S3.
        place: Any = {} if aws.region == "us-east-1" else {"LocationConstraint": aws.region}
        aws.s3.create_bucket(Bucket=name, **({"CreateBucketConfiguration": place} if place else {}))
    for key, value in properties.items():
        _set(aws, name, key, value)


def _exists(aws: Aws, name: str) -> bool:
    try:
        aws.s3.head_bucket(Bucket=name)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return False
        raise
    return True


def _set(aws: Aws, name: str, key: str, value: Any) -> None:
    match key:
        case "VersioningConfiguration":
            aws.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration=value)
        case "PublicAccessBlockConfiguration":
            aws.s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=value)
        case "OwnershipControls":
            aws.s3.put_bucket_ownership_controls(Bucket=name, OwnershipControls=value)
        case "BucketEncryption":
            aws.s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration=_encryption(value))
        case "LifecycleConfiguration":
            rules: Any = [_lifecycle_rule(rule) for rule in value["Rules"]]
            aws.s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": rules})
        case "CorsConfiguration":
            names = {"Id": "ID", "ExposedHeaders": "ExposeHeaders", "MaxAge": "MaxAgeSeconds"}
            cors: Any = [renamed(rule, names) for rule in value["CorsRules"]]
            aws.s3.put_bucket_cors(Bucket=name, CORSConfiguration={"CORSRules": cors})
        case "NotificationConfiguration":
            refuse_unknown(value, {"EventBridgeConfiguration"}, of=f"bucket {name}'s NotificationConfiguration")
            aws.s3.put_bucket_notification_configuration(
                Bucket=name, NotificationConfiguration={"EventBridgeConfiguration": {}}
            )


def _encryption(value: Any) -> Any:
    names = {"ServerSideEncryptionByDefault": "ApplyServerSideEncryptionByDefault"}
    return {"Rules": [renamed(rule, names) for rule in value["ServerSideEncryptionConfiguration"]]}


def _lifecycle_rule(rule: Properties) -> dict[str, Any]:
    refuse_unknown(rule, _RULE, of=f"lifecycle rule {rule.get('Id')}")
    expiration: dict[str, Any] = {}
    if "ExpirationInDays" in rule:
        expiration["Days"] = int(rule["ExpirationInDays"])
    if "ExpiredObjectDeleteMarker" in rule:
        expiration["ExpiredObjectDeleteMarker"] = rule["ExpiredObjectDeleteMarker"]
    return {
        "ID": rule["Id"],
        "Status": rule["Status"],
        "Filter": _lifecycle_filter(rule),
        **({"Expiration": expiration} if expiration else {}),
        **{key: rule[key] for key in ("AbortIncompleteMultipartUpload", "NoncurrentVersionExpiration") if key in rule},
    }


def _lifecycle_filter(rule: Properties) -> dict[str, Any]:
    prefix, tags = rule.get("Prefix", ""), rule.get("TagFilters", [])
    return {"And": {"Prefix": prefix, "Tags": tags}} if tags else {"Prefix": prefix}
