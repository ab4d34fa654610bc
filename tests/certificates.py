"""An authority of our own and what it signs, made anew for each run; good for an hour."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOUR = dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate with its key, as files."""

    certificate: Path
    key: Path

    def server(self, *, ask_client: Path | None = None) -> ssl.SSLContext:
        """What a server that shows this certificate needs.

        Args:
            ask_client: an authority; clients must show a certificate of its.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        if ask_client is not None:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(ask_client)
        return context


class Authority:
    """Signs certificates; its own is in `file`."""

    def __init__(self, folder: Path, name: str = "tests") -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.file = folder / f"{name}-authority.pem"
        now = dt.datetime.now(dt.UTC)
        own = (
            _builder(self._name, self._name, now - HOUR, now + HOUR, self._key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.file.write_bytes(own.public_bytes(serialization.Encoding.PEM))

    def issue(self, host: str, *, expired: bool = False, common_name_only: bool = False) -> Issued:
        """For a server of this name or address, or for a client."""
        key = ec.generate_private_key(ec.SECP256R1())
        until = dt.datetime.now(dt.UTC) + (-HOUR if expired else HOUR)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        builder = _builder(subject, self._name, until - 3 * HOUR, until, key)
        if not common_name_only:
            builder = builder.add_extension(x509.SubjectAlternativeName([_alternative(host)]), critical=False)
        signed = builder.sign(self._key, hashes.SHA256())
        issued = Issued(self._folder / f"{host}-{expired}.pem", self._folder / f"{host}-{expired}.key")
        issued.certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        issued.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return issued


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    since: dt.datetime,
    until: dt.datetime,
    key: ec.EllipticCurvePrivateKey,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
    )


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
