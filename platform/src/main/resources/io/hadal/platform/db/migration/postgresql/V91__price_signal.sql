-- A new price is told to all nodes at once; they look every few seconds as well.
CREATE FUNCTION hadal_price_signal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('hadal', 'price');
  RETURN NULL;
END;
$$;
CREATE TRIGGER price_book_signal AFTER INSERT ON price_book
  FOR EACH STATEMENT EXECUTE FUNCTION hadal_price_signal();
