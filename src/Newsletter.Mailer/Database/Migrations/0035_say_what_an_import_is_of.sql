-- What all rows of the file are, where its program lists those who left like everyone else: pending or unsubscribed. Null: what each row says.
alter table imports add column status text check (status in ('pending', 'unsubscribed'));
