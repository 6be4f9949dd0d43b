-- In which class the request was scheduled; null where none was. Rows from before have none.
ALTER TABLE usage_event ADD COLUMN priority_class TEXT;
