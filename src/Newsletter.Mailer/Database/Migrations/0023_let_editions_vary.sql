-- Where one becomes a premium reader; whether raw HTML in editions is kept (sanitised) rather than shown as text; what the newsletter changes
-- about its theme; an HTML layout in Liquid in the place of the theme's, checked when it came in.
alter table newsletters
    add column premium_url text,
    add column raw_html    boolean not null default false,
    add column design      jsonb,
    add column layout      text;

-- What decides which variant a reader gets, fixed at the freeze: [{"ask":"premium"},{"ask":"segment","slug":"beta","filter":"…"}]. Bit n of a
-- variant, above its lowest (plain text), is the answer to question n.
alter table issues add column variant_questions jsonb not null default '[]';

-- What the variant is called: everyone, free, premium, premium+beta.
alter table issue_content add column name text not null default 'everyone';
