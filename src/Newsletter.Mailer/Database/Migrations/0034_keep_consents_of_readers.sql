-- A consent is a reader's, or an erased one's hash: never the number of somebody who is gone. Entered while they were being erased, it could be that.
alter table consents disable trigger consents_only_grow;
delete from consents c where c.subscriber_id is not null and not exists (select from subscribers b where b.id = c.subscriber_id);
alter table consents enable trigger consents_only_grow;
alter table consents add constraint consents_reader foreign key (subscriber_id) references subscribers;
