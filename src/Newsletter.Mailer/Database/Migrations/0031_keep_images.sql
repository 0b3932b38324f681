-- Pictures of editions as they are served: checked, made fit for mail, named by the hash of their bytes.
create table images (
    id         bigint      generated always as identity primary key,
    sha256     bytea       not null unique,
    media_type text        not null check (media_type in ('image/jpeg', 'image/png', 'image/gif')),
    width      integer     not null check (width > 0),
    height     integer     not null check (height > 0),
    bytes      integer     not null check (bytes > 0),
    -- Null: it lies in the folder (Images:Folder) under its hash.
    content    bytea,
    created_at timestamptz not null default now()
);

-- Pictures are compressed already.
alter table images alter column content set storage external;

-- What was uploaded, by its hash and the way it was worked on: the same file again isn't worked on again.
create table image_sources (
    sha256   bytea    not null,
    recipe   smallint not null,
    image_id bigint   not null references images on delete cascade,
    primary key (sha256, recipe)
);

create index image_sources_image on image_sources (image_id);

-- What a relative path in a newsletter's editions means until they are frozen: the newest picture of that name.
create table image_names (
    newsletter_id bigint      not null references newsletters on delete cascade,
    name          text        not null,
    image_id      bigint      not null references images on delete cascade,
    named_at      timestamptz not null default now(),
    primary key (newsletter_id, name)
);

create index image_names_image on image_names (image_id);

-- What it means in one edition only: pictures that were sent with its file. No cascade from the image: it is in use.
create table edition_images (
    edition_id bigint not null references editions on delete cascade,
    name       text   not null,
    image_id   bigint not null references images,
    primary key (edition_id, name)
);

create index edition_images_image on edition_images (image_id);

-- What frozen issues show, for as long as there is the issue.
create table issue_images (
    issue_id bigint not null references issues on delete cascade,
    image_id bigint not null references images,
    primary key (issue_id, image_id)
);

create index issue_images_image on issue_images (image_id);
