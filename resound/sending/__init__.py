"""Mail that goes out once, what is done again and again, and when.

1. `mail` hands one message to a server and says what became of it; `outbox` sends each once, however often it is killed.
2. `addresses` are compared, `list_form` is a list as fields, `subscribing` knows who reads it, `inviting` asks many at once; `weeks` says when an issue is due.
3. `scheduling` does jobs under leases; `alerting` writes to people about trouble.
"""
