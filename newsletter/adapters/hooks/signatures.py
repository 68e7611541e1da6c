"""Signatures of others, with their public keys."""

import base64
import binascii
from datetime import datetime

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key
from cryptography.x509 import load_pem_x509_certificate

HASHES = {"SHA1": hashes.SHA1, "SHA256": hashes.SHA256}


def is_signed_with_key(public_key: str, signature: str, content: bytes) -> bool:
    """Whether the owner of an elliptic key signed the content: ECDSA with SHA-256.

    public_key: base64 of SubjectPublicKeyInfo. signature: base64 of its DER form.
    """
    try:
        key = load_der_public_key(base64.b64decode(public_key))
        if not isinstance(key, ec.EllipticCurvePublicKey):
            return False
        key.verify(_decoded(signature), content, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True


def is_signed_with_certificate(
    pem: bytes, signature: str, content: bytes, *, hash_name: str, now: datetime
) -> bool:
    """Whether the owner of an RSA certificate that is good now signed the content (RFC 8017 8.2).

    hash_name: one of HASHES. signature: base64.
    """
    try:
        certificate = load_pem_x509_certificate(pem)
        key = certificate.public_key()
        is_good = certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc
        if not is_good or not isinstance(key, rsa.RSAPublicKey):
            return False
        key.verify(_decoded(signature), content, padding.PKCS1v15(), HASHES[hash_name]())
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True


def _decoded(signature: str) -> bytes:
    try:
        return base64.b64decode(signature, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
