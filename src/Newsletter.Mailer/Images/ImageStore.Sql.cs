namespace Newsletter.Mailer.Images;

public sealed partial class ImageStore
{
    // Whoever writes or deletes a picture's file does it under this.
    private const string Lock = /*lang=sql*/ """
        select pg_advisory_xact_lock(hashtextextended('image ' || @sha256::text, 0))
        """;

    private const string Insert = /*lang=sql*/ """
        insert into images (sha256, media_type, width, height, bytes, content)
        values (decode(@sha256, 'hex'), @mediaType, @width, @height, @bytes, @content::bytea)
        on conflict (sha256) do update set content = coalesce(images.content, excluded.content)
        returning id
        """;

    private const string InsertSource = /*lang=sql*/ """
        insert into image_sources (sha256, recipe, image_id) values (@source, @recipe, @id) on conflict do nothing
        """;

    private const string SelectBySource = /*lang=sql*/ """
        select i.id, encode(i.sha256, 'hex') as sha256, i.media_type, i.width, i.height, i.bytes, i.created_at, i.content is null as in_folder
        from image_sources s join images i on i.id = s.image_id
        where s.sha256 = @source and s.recipe = @recipe
        """;

    private const string SetName = /*lang=sql*/ """
        insert into image_names (newsletter_id, name, image_id)
        select n.id, @name, @id from newsletters n where n.slug = @newsletter
        on conflict (newsletter_id, name) do update set image_id = excluded.image_id, named_at = now()
        returning newsletter_id
        """;

    private const string SetEditionName = /*lang=sql*/ """
        insert into edition_images (edition_id, name, image_id) values (@edition, @name, @id)
        on conflict (edition_id, name) do update set image_id = excluded.image_id
        """;

    private const string SelectOne = /*lang=sql*/ """
        select id, encode(sha256, 'hex') as sha256, media_type, width, height, bytes, created_at, content is null as in_folder from images where id = @id
        """;

    private const string SelectContent = /*lang=sql*/ """
        select id, encode(sha256, 'hex') as sha256, media_type, width, height, bytes, created_at, content is null as in_folder, content
        from images where sha256 = decode(@sha256, 'hex')
        """;

    private const string SelectPage = /*lang=sql*/ """
        select i.id, encode(i.sha256, 'hex') as sha256, i.media_type, i.width, i.height, i.bytes, i.created_at, i.content is null as in_folder
        from images i
        where (@after = 0 or i.id < @after)
          and (@newsletter::text is null or exists (
              select from image_names m join newsletters n on n.id = m.newsletter_id where m.image_id = i.id and n.slug = @newsletter))
        order by i.id desc limit @rows
        """;

    private const string SelectNames = /*lang=sql*/ """
        select m.image_id, n.slug as newsletter, m.name
        from image_names m join newsletters n on n.id = m.newsletter_id
        where m.image_id = any(@ids::bigint[])
        order by m.named_at, m.name
        """;

    // What an edition calls its own goes before what its newsletter calls so.
    private const string SelectNamed = /*lang=sql*/ """
        select distinct on (k.name) k.name, i.id, encode(i.sha256, 'hex') as sha256, i.media_type, i.width, i.height, i.bytes, i.created_at, i.content is null as in_folder
        from (select name, image_id, 1 as rank from edition_images where edition_id = @edition and name = any(@names::text[])
              union all
              select name, image_id, 2 from image_names where newsletter_id = @newsletter and name = any(@names::text[])) k
        join images i on i.id = k.image_id
        order by k.name, k.rank
        """;

    private const string SelectByHashes = /*lang=sql*/ """
        select id, encode(sha256, 'hex') as sha256, media_type, width, height, bytes, created_at, content is null as in_folder
        from images where sha256 = any(select decode(h, 'hex') from unnest(@hashes::text[]) h)
        """;

    // Frozen issues and files that were sent say exactly what they show. Of what isn't frozen yet there is little, so its text is read.
    private const string SelectUses = /*lang=sql*/ """
        select 'issue ' || issue_id::text from issue_images where image_id = @id
        union all
        select 'edition ' || e.id::text from edition_images x join editions e on e.id = x.edition_id where x.image_id = @id and e.state <> 'published'
        union all
        select 'edition ' || e.id::text from editions e
        where e.state <> 'published'
          and not exists (select from edition_images x where x.edition_id = e.id and x.image_id = @id)
          and (position(@sha256 in e.source) > 0
               or exists (select from image_names m where m.image_id = @id and m.newsletter_id = e.newsletter_id
                            and (position(m.name in e.source) > 0 or position(replace(m.name, ' ', '%20') in e.source) > 0)))
        union all
        select 'newsletter ' || n.slug from newsletters n
        where position(@sha256 in coalesce(n.layout, '')) > 0 or position(@sha256 in coalesce(n.design::text, '')) > 0
        limit 20
        """;

    private const string DeleteLeftovers = /*lang=sql*/ """
        delete from edition_images x using editions e where x.image_id = @id and e.id = x.edition_id and e.state = 'published'
        """;

    private const string DeleteImage = /*lang=sql*/ """
        delete from images where id = @id returning id
        """;
}
