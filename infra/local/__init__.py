"""The whole system on one machine, made from `template.yaml`: `python -m infra.local`."""
