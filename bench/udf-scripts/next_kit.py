from embedhouse_udf import serve

serve(lambda n: n + 1)
