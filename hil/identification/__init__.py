"""Identification: what one seated bench session tells of a patient, with honest intervals."""
