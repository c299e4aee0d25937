from embedhouse_udf import serve

serve(len)
